import { useState } from 'react';
import { classes } from './classes.ts';
import { avatarTone, initialsOf } from './initials.ts';
import './avatar.css';

export interface AvatarProps {
  /** uid or gid: gives the colour, the same everywhere and always. */
  readonly uid: string;
  readonly name?: string | undefined;
  readonly src?: string | undefined;
  /** Pixels. */
  readonly size?: number;
  /** A dot: true is online. Undefined shows none. */
  readonly online?: boolean | undefined;
  readonly group?: boolean;
}

/** Only decoration: who it is stands beside it. */
export function Avatar({ uid, name, src, size = 44, online, group = false }: AvatarProps) {
  const [brokenSrc, setBrokenSrc] = useState<string | undefined>(undefined);
  const isShown = src !== undefined && src !== brokenSrc && /^(https:|data:image\/)/.test(src);
  return (
    <span
      className={classes('avatar', `avatar--${avatarTone(uid)}`, group && 'avatar--group')}
      style={{ width: size, height: size, fontSize: Math.round(size * 0.38) }}
      aria-hidden="true"
    >
      {isShown ? (
        <img
          className="avatar__image"
          src={src}
          alt=""
          loading="lazy"
          referrerPolicy="no-referrer"
          onError={() => setBrokenSrc(src)}
        />
      ) : (
        initialsOf(name || uid)
      )}
      {online && <span className="avatar__dot" />}
    </span>
  );
}
