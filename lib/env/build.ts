declare const NODEMGR_BUILD: string | undefined;
declare const NODEMGR_VERSION: string | undefined;

/** Identifies this build: two builds with different behaviour differ here. */
export const buildId: string = typeof NODEMGR_BUILD === 'undefined' ? 'source' : NODEMGR_BUILD;

export const version: string = typeof NODEMGR_VERSION === 'undefined' ? '0.0.0' : NODEMGR_VERSION;
