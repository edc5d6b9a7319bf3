/** fs.ext3: an ext3 file system. */
import { extended } from './extended.js';
import { defineMount } from './mount-driver.js';

export default defineMount(extended('ext3'));
