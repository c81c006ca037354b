import { createContext, useContext } from 'react';
import { en, type Texts } from './en/index.ts';
import { zh } from './zh/index.ts';

export type { Texts } from './en/index.ts';

export const languages = {
  en: { name: 'English', tag: 'en', texts: en },
  zh: { name: '中文', tag: 'zh-CN', texts: zh },
} as const;

export type Language = keyof typeof languages;

/** The first of the browser's languages that there are texts in. */
export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'en' || language === 'zh') return language;
  }
  return 'en';
}

const LanguageContext = createContext<Language>('en');

export const LanguageProvider = LanguageContext.Provider;

/** For Intl, and for `lang` of what is shown. */
export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** All texts in the language of the user: `t.shell.close`. */
export function useText(): Texts {
  return languages[useLanguage()].texts;
}

/** An error in words for people; in the server's where there are no better ones for its code. */
export function errorText(error: unknown, texts: Texts): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return texts.errors.unknown;
  const codes: Readonly<Record<string, string>> = texts.errors.codes;
  const said = 'message' in error ? String(error.message) : '';
  return codes[String(error.code)] ?? (said || texts.errors.unknown);
}
