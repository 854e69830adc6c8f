// Makes a small PDF with one line of text.

const LATIN = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'
/** A font whose codes are those of GBK, without a table that tells what they mean. */
const CHINESE =
  '<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /GBK-EUC-H /DescendantFonts [ ' +
  '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SimSun /CIDSystemInfo ' +
  '<< /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >> ] >>'

/** A valid PDF of one page, with a text in ASCII. */
export const pdfWith = (text: string): Buffer => pdfOf(`(${text})`, LATIN)

/** Likewise in Chinese; `gbk`: its codes in hexadecimal digits. */
export const pdfInChinese = (gbk: string): Buffer => pdfOf(`<${gbk}>`, CHINESE)

function pdfOf(text: string, font: string): Buffer {
  const drawing = `BT /F1 18 Tf 20 100 Td ${text} Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R ' +
      '/Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`,
    font,
  ]
  let file = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = file.length
    file += `${index + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  const end = `trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF`
  return Buffer.from(file + table + end)
}
