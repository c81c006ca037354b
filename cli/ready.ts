/** The line that says that all doors are open. */
export const readyLine = (addresses: readonly string[]): string => `Petrel is ready: ${addresses.join(' ')}`;

const portOf = (addresses: readonly string[], scheme: string): string | undefined => {
  const address = addresses.find((one) => one.startsWith(`${scheme}://`));
  return address === undefined ? undefined : new URL(address.replace(scheme, 'http')).port;
};

/** Shows a person at a terminal where to chat, if the page is served, and how to send the first message. */
export function welcome(addresses: readonly string[], page: boolean): string {
  const [mqtt, http] = [portOf(addresses, 'mqtt'), portOf(addresses, 'http')];
  if (mqtt === undefined || http === undefined) return '';
  // Of this name, and not of 0.0.0.0: on plain http browsers give all that the page needs to localhost alone.
  const chat = page ? `\nChat in the browser: http://localhost:${http}\n` : '';
  return `${chat}
Say the first word by MQTT, in a second terminal (Debian package mosquitto-clients):

  ALICE=$(curl -s localhost:${http}/v1/auth/register -H 'content-type: application/json' \\
    -d '{"uid":"alice","password":"correct horse"}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
  mosquitto_pub -p ${mqtt} -V 5 -q 1 -u alice -P "$ALICE" -t send/u/alice -m 'hello, me'
`;
}
