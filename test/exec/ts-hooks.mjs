/** Lets a plain Node.js child of a test import the TypeScript sources: strips types with esbuild. */
import { register } from 'node:module';

register('./ts-loader.mjs', import.meta.url);
