/** fs.ext4: an ext4 file system. */
import { extended } from './extended.js';
import { defineMount } from './mount-driver.js';

export default defineMount(extended('ext4'));
