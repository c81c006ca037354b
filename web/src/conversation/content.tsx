import { Box, File, FileAudio, FileVideo, ImageOff, MapPin } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { useLanguage, useText } from '../i18n/index.ts';
import { MergedHistory } from './merged-history.tsx';
import { httpUrl } from './text.ts';
import { Words } from './words.tsx';
import './content.css';

type Fields = Readonly<Record<string, unknown>>;

/** What a message says, by its type. Bodies come from others: nothing is taken for granted. */
export function Content({
  message,
}: {
  readonly message: Pick<Message, 'type' | 'body' | 'mentions' | 'forward'>;
}) {
  const t = useText();
  const { type, body = {}, mentions } = message;
  switch (type) {
    case 'text':
      return <Words text={textOf(body.text)} mentions={mentions} />;
    case 'image':
      return <Picture body={body} />;
    case 'file':
    case 'audio':
    case 'video':
      return <FileCard type={type} body={body} />;
    case 'location':
      return <Place body={body} />;
    case 'custom':
      if (body.kind === 'forward' && message.forward !== undefined) return <MergedHistory body={body} />;
      return <Card icon={<Box size={20} />} title={t.chat.custom(textOf(body.kind))} />;
    default:
      return <Card icon={<Box size={20} />} title={t.chat.unknownType} />;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const sizeOf = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;

export function Card({
  icon,
  title,
  text,
  href,
}: {
  readonly icon: ReactNode;
  readonly title: string;
  readonly text?: string | undefined;
  readonly href?: string | undefined;
}) {
  const inside = (
    <>
      <span className="card__icon">{icon}</span>
      <span className="card__words">
        <span className="card__title">{title}</span>
        {text && <span className="card__text">{text}</span>}
      </span>
    </>
  );
  if (href === undefined) return <span className="card">{inside}</span>;
  return (
    <a className="card card--link" href={href} target="_blank" rel="noopener noreferrer nofollow">
      {inside}
    </a>
  );
}

const maxWidth = 340;
const maxHeight = 380;

/** A picture by its address. Its place is kept before it is there, where its size is known. */
function Picture({ body }: { readonly body: Fields }) {
  const t = useText();
  const [isBroken, setBroken] = useState(false);
  const file = textOf(body.file);
  const src = httpUrl(file);
  const name = textOf(body.name);
  if (src === undefined || isBroken) {
    return (
      <Card icon={<ImageOff size={20} />} title={name || t.chat.image} text={t.chat.imageFailed} href={src} />
    );
  }
  const width = sizeOf(body.width);
  const height = sizeOf(body.height);
  const box = width !== undefined && height !== undefined ? fit(width, height) : undefined;
  return (
    <a
      className="picture"
      href={src}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={t.chat.imageOpen}
    >
      <img
        className="picture__image"
        src={src}
        alt={name || t.chat.image}
        referrerPolicy="no-referrer"
        decoding="async"
        style={
          box === undefined ? undefined : { aspectRatio: `${box.width} / ${box.height}`, width: box.width }
        }
        onError={() => setBroken(true)}
      />
    </a>
  );
}

function fit(width: number, height: number): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

const fileIcons = {
  file: <File size={20} />,
  audio: <FileAudio size={20} />,
  video: <FileVideo size={20} />,
} as const;

function FileCard({ type, body }: { readonly type: keyof typeof fileIcons; readonly body: Fields }) {
  const t = useText();
  const language = useLanguage();
  const href = httpUrl(body.file);
  const facts = [
    durationName(sizeOf(body.duration)),
    sizeName(sizeOf(body.size), language),
    href === undefined ? t.chat.notOpenable : new URL(href).host,
  ];
  return (
    <Card
      icon={fileIcons[type]}
      title={textOf(body.name) || t.chat[type]}
      text={facts.filter(Boolean).join(' · ')}
      href={href}
    />
  );
}

function durationName(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

function sizeName(bytes: number | undefined, language: string): string | undefined {
  if (bytes === undefined) return undefined;
  const step = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const unit = units[step]!;
  const options = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, options).format(bytes / 1000 ** step);
}

function Place({ body }: { readonly body: Fields }) {
  const t = useText();
  const { lat, lng } = body;
  if (typeof lat !== 'number' || typeof lng !== 'number') {
    return <Card icon={<MapPin size={20} />} title={t.chat.location} />;
  }
  const at = `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
  return (
    <Card
      icon={<MapPin size={20} />}
      title={textOf(body.name) || t.chat.location}
      text={at}
      href={`https://www.openstreetmap.org/?mlat=${lat}&mlon=${lng}#map=15/${lat}/${lng}`}
    />
  );
}
