export async function checkNodeValue(..._a: unknown[]): Promise<string | undefined> {
  return undefined;
}
export async function validateNodeConfig(): Promise<[]> {
  return [];
}
