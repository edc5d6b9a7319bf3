/** Chance as a value, so that tests decide it. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
}

export const systemRandom: Random = { fraction: () => Math.random() };
