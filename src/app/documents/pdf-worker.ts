// Worker in which pdf.js reads a PDF: loading it there is all that it needs.
import 'pdfjs-dist/build/pdf.worker.mjs'
