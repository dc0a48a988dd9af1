import type { ErrorWords } from './error-words.ts';
import { browserWords } from './words/browsers.ts';
import { generalWords } from './words/general.ts';
import { javascriptWords } from './words/javascript.ts';
import { languageWords } from './words/languages.ts';
import { nginxWords } from './words/nginx.ts';
import { pythonWords } from './words/python.ts';

/** From the particular to the general: the first that fits counts. */
export const errorWords: readonly ErrorWords[] = [
  ...nginxWords,
  ...javascriptWords,
  ...browserWords,
  ...pythonWords,
  ...languageWords,
  ...generalWords,
];
