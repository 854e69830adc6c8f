// The tokenizer of Moonlight and Kimi, which publish a rank table instead of a tokenizer.json.
import { readTiktokenFile } from './tiktoken-file.ts'
import { openVocabulary, type TextTokenizer, type TokenizerOptions } from './tokenizer.ts'

/**
 * Opens the tokenizer of a rank table.
 * @param tiktokenModel the text of tiktoken.model
 * @param tokenizerConfig parsed tokenizer_config.json, which names the special tokens
 * @throws HadalError bad_file, naming the file
 */
export const openTiktokenTokenizer = (
  tiktokenModel: string,
  tokenizerConfig: unknown,
  options: TokenizerOptions,
): TextTokenizer =>
  openVocabulary('tiktoken.model', tokenizerConfig, options, (context) =>
    readTiktokenFile(tiktokenModel, context),
  )
