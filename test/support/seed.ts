import fc from 'fast-check';

// In CI the same run is the same test; elsewhere each run looks at new cases.
if (process.env['CI']) fc.configureGlobal({ seed: 20_261_120 });
