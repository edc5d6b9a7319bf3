export async function runTaskResource(..._a: unknown[]): Promise<any> {
  throw new Error('x');
}
