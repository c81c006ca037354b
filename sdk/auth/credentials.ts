/** Access tokens for those who ask the server: how, is not theirs to know. */
export interface Credentials {
  /**
   * An access token that is good for some time yet; renewed first where it has to be. Rejects with ClientError:
   * `client.signed-out` where nobody is signed in (any more), otherwise retryable: it may be had later.
   */
  token(): Promise<string>;
  /** The server did not take this token, or has ended a connection that had it: it is not given again. */
  refused(token: string): void;
  /** The server has banned the user. */
  banned(): void;
  /** A new token took the place of the one before: connections go on with it. Returns what ends that. */
  onRenewed(handler: (token: string) => void): () => void;
}
