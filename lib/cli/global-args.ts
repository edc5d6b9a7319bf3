import type { ColourMode } from '../render/colour.js';
import type { Format } from '../render/emit.js';

/** The options of every command, converted. */
export interface GlobalArgs {
  readonly format: Format;
  readonly color: ColourMode;
  readonly debug: boolean;
}
