import { type Language, languages } from '../i18n/index.ts';
import { usePreferences } from '../preferences.tsx';
import './language-switch.css';

/** Each language in its own words. */
export function LanguageSwitch() {
  const { language, setLanguage } = usePreferences();
  return (
    <div className="language-switch">
      {Object.entries(languages).map(([key, { name }]) => (
        <button
          key={key}
          type="button"
          lang={key}
          className="language-switch__choice"
          aria-pressed={key === language}
          onClick={() => setLanguage(key as Language)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
