export const asset = {},
  packages = {},
  checks = {},
  stats = {};
