/** Everything that a stream has, up to a limit. */
export async function readBytes(
  stream: NodeJS.ReadableStream,
  maxBytes = 8 << 20,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) break;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
