// Where the build puts the tables of pdf.js for Chinese, Japanese and Korean texts.

/** Below the app's folder. */
export const PDF_TABLES = 'assets/pdf-tables/'
