// Answers: did an accident change a line? Cheap, for hundreds of thousands of lines. It must not know what lines say.

/** 16 hex digits over bytes: two FNV-1a sums of 32 bits with their own multipliers. A single changed byte always shows. */
export function checksum(bytes: Uint8Array): string {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b ^ byte, 0x85ebca6b)
    b = (b << 13) | (b >>> 19) // odd multipliers alone never carry a change downwards
  }
  return hex(a) + hex(b)
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
