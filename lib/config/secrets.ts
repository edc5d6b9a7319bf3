export const maskConfigText = (t: string, _x: unknown) => t; export const maskedValue = (_t: unknown, _k: string, v: string) => v;
