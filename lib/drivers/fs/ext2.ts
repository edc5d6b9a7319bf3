/** fs.ext2: an ext2 file system. */
import { extended } from './extended.js';
import { defineMount } from './mount-driver.js';

export default defineMount(extended('ext2'));
