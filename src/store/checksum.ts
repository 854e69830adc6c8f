// A checksum for journal lines: detects accidental changes, and is cheap for hundreds of thousands of lines.

/**
 * 16 hex digits: two 32-bit FNV-1a hashes with different multipliers. Any single changed byte changes them.
 */
export function checksum(bytes: Uint8Array): string {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b ^ byte, 0x85ebca6b)
    b = (b << 13) | (b >>> 19) // multiplication alone never propagates a change to lower bits
  }
  return hex(a) + hex(b)
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
