/** A terminal that somebody looks at. */
export interface Terminal {
  /** How many characters fit into a line, now. */
  readonly columns: () => number;
  readonly isColoured: boolean;
}

/** What the command is given of the world. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly complain: (text: string) => void;
  /** Asks for a secret, where there is somebody to ask; undefined otherwise. */
  readonly askSecretly: (what: string) => Promise<string | undefined>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /** Where answers go; absent where they go to a file or a pipe. */
  readonly terminal?: Terminal | undefined;
  /** Where complaints and progress go; absent where they go to a file or a pipe. */
  readonly errorTerminal?: Terminal | undefined;
  /** A token of whoever is signed in to the Azure CLI; undefined where nobody is. Absent where nobody may ask. */
  readonly azureToken?: ((scope: string) => Promise<string | undefined>) | undefined;
}
