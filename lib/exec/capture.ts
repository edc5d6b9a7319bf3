/**
 * Keeps the first and the last bytes of a stream of any length in bounded memory, and says how many
 * were dropped between them.
 */
export class BoundedCapture {
  private readonly headMax: number;
  private readonly tailMax: number;
  private head: Buffer = Buffer.alloc(0);
  private headLength = 0;
  private ring: Buffer | undefined;
  private ringEnd = 0;
  private total = 0;

  /** @param maxBytes bytes kept in all, half of them from the start */
  constructor(maxBytes: number) {
    this.headMax = Math.ceil(maxBytes / 2);
    this.tailMax = maxBytes - this.headMax;
  }

  push(chunk: Buffer): void {
    this.total += chunk.length;
    const taken = this.pushHead(chunk);
    if (taken < chunk.length) this.pushTail(chunk.subarray(taken));
  }

  private pushHead(chunk: Buffer): number {
    const room = Math.min(chunk.length, this.headMax - this.headLength);
    if (room <= 0) return 0;
    const needed = this.headLength + room;
    if (needed > this.head.length) {
      const grown = Buffer.allocUnsafe(
        Math.min(this.headMax, Math.max(needed, this.head.length * 2, 1024)),
      );
      this.head.copy(grown, 0, 0, this.headLength);
      this.head = grown;
    }
    chunk.copy(this.head, this.headLength, 0, room);
    this.headLength += room;
    return room;
  }

  private pushTail(rest: Buffer): void {
    if (this.tailMax === 0) return;
    this.ring ??= Buffer.allocUnsafe(this.tailMax);
    const bytes = rest.length > this.tailMax ? rest.subarray(rest.length - this.tailMax) : rest;
    const at = this.ringEnd % this.tailMax;
    const first = Math.min(bytes.length, this.tailMax - at);
    bytes.copy(this.ring, at, 0, first);
    bytes.copy(this.ring, 0, first);
    // Only the position modulo the size and "full or not" matter.
    this.ringEnd += bytes.length;
  }

  /**
   * The text (UTF-8, bad bytes replaced), with a line `[... N bytes dropped ...]` where it was cut.
   * The cut never splits a character.
   */
  result(): { text: string; droppedBytes: number } {
    const head = this.head.subarray(0, this.headLength);
    const tail = this.tail();
    if (this.total === 0) return { text: '', droppedBytes: 0 };
    if (this.headLength + tail.length === this.total) {
      return { text: Buffer.concat([head, tail]).toString('utf8'), droppedBytes: 0 };
    }
    const start = head.subarray(0, completeLength(head));
    const end = tail.subarray(continuationLength(tail));
    const droppedBytes = this.total - start.length - end.length;
    const before = start.length > 0 && start[start.length - 1] !== 0x0a ? '\n' : '';
    const marker = `${before}[... ${droppedBytes} bytes dropped ...]\n`;
    return { text: start.toString('utf8') + marker + end.toString('utf8'), droppedBytes };
  }

  private tail(): Buffer {
    if (!this.ring) return Buffer.alloc(0);
    if (this.ringEnd <= this.tailMax) return this.ring.subarray(0, this.ringEnd);
    const at = this.ringEnd % this.tailMax;
    return Buffer.concat([this.ring.subarray(at), this.ring.subarray(0, at)]);
  }
}

/** Length without a UTF-8 character that is cut off at the end. */
function completeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return width > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Number of bytes at the start that continue a character whose first byte was dropped. */
function continuationLength(bytes: Buffer): number {
  let length = 0;
  while (length < Math.min(3, bytes.length) && ((bytes[length] ?? 0) & 0xc0) === 0x80) length++;
  return length;
}

/**
 * Cuts a stream into lines for `onLine`. A line longer than `maxBytes` is delivered once, when it
 * ends, as its beginning and the number of bytes dropped; memory stays bounded. The last line needs
 * no newline.
 */
export class LineSplitter {
  private readonly maxBytes: number;
  private readonly onLine: (line: string) => void;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private dropped = 0;

  constructor(maxBytes: number, onLine: (line: string) => void) {
    this.maxBytes = maxBytes;
    this.onLine = onLine;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      this.hold(chunk.subarray(from, at));
      this.deliver();
      from = at + 1;
    }
    if (from < chunk.length) this.hold(chunk.subarray(from));
  }

  end(): void {
    if (this.heldBytes + this.dropped > 0) this.deliver();
  }

  private hold(part: Buffer): void {
    const room = Math.min(part.length, this.maxBytes - this.heldBytes);
    // Copied: a piece of a line must not keep the whole chunk in memory.
    if (room > 0) this.held.push(Buffer.from(part.subarray(0, room)));
    this.heldBytes += room;
    this.dropped += part.length - room;
    if (this.held.length > 64) this.held = [Buffer.concat(this.held)];
  }

  private deliver(): void {
    const bytes =
      this.held.length === 1 ? (this.held[0] ?? Buffer.alloc(0)) : Buffer.concat(this.held);
    const cut = this.dropped;
    this.held = [];
    this.heldBytes = 0;
    this.dropped = 0;
    if (cut === 0) this.onLine(bytes.toString('utf8'));
    else {
      const kept = completeLength(bytes);
      const droppedBytes = cut + bytes.length - kept;
      this.onLine(`${bytes.toString('utf8', 0, kept)} [... ${droppedBytes} bytes dropped ...]`);
    }
  }
}
