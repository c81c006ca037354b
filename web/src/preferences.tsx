import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { type Language, LanguageProvider, languageOf, languages } from './i18n/index.ts';

export type Theme = 'system' | 'light' | 'dark';

interface Preferences {
  readonly theme: Theme;
  readonly setTheme: (theme: Theme) => void;
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
}

const PreferencesContext = createContext<Preferences | undefined>(undefined);

/** How this browser shows the page: kept here, for whoever signs in. */
export function PreferencesProvider({ children }: { readonly children: ReactNode }) {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const [language, setLanguage] = useState<Language>(storedLanguage);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    remember('petrel.theme', theme);
  }, [theme]);
  useEffect(() => {
    document.documentElement.lang = languages[language].tag;
  }, [language]);
  const value = useMemo(
    () => ({
      theme,
      setTheme,
      language,
      setLanguage: (chosen: Language) => {
        setLanguage(chosen);
        remember('petrel.language', chosen);
      },
    }),
    [theme, language],
  );
  return (
    <PreferencesContext value={value}>
      <LanguageProvider value={language}>{children}</LanguageProvider>
    </PreferencesContext>
  );
}

export function usePreferences(): Preferences {
  const preferences = useContext(PreferencesContext);
  if (preferences === undefined) throw new Error('PreferencesProvider is missing');
  return preferences;
}

function storedTheme(): Theme {
  const stored = recall('petrel.theme');
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function storedLanguage(): Language {
  const stored = recall('petrel.language');
  return stored !== null && stored in languages ? (stored as Language) : languageOf(navigator.languages);
}

/** Storage may be switched off: then the choice holds until the page is closed. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {}
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
