import type { Properties } from '../gate/properties.ts';

/** Properties as stores keep them: JSON, bytes in base64. An alias is its connection's own. */
export function encodeText({ correlationData, topicAlias: _, ...others }: Properties): string {
  return JSON.stringify(
    correlationData === undefined
      ? others
      : { ...others, correlationData: correlationData.toString('base64') },
  );
}

export function decodeText(text: string): Properties {
  const { correlationData, ...others } = JSON.parse(text) as Properties & { correlationData?: string };
  return correlationData === undefined
    ? others
    : { ...others, correlationData: Buffer.from(correlationData, 'base64') };
}
