import { useId } from 'react';
import { type Language, languages, useText } from '../i18n/index.ts';
import { type Theme, usePreferences } from '../preferences.tsx';

export function AppearanceSettings() {
  const t = useText().shell.settings;
  const { theme, setTheme, language, setLanguage } = usePreferences();
  return (
    <>
      <Choice<Theme>
        legend={t.theme}
        value={theme}
        options={[
          { value: 'system', label: t.themes.system },
          { value: 'light', label: t.themes.light },
          { value: 'dark', label: t.themes.dark },
        ]}
        onChange={setTheme}
      />
      <Choice<Language>
        legend={t.language}
        value={language}
        options={Object.entries(languages).map(([value, { name }]) => ({
          value: value as Language,
          label: name,
          lang: value,
        }))}
        onChange={setLanguage}
      />
    </>
  );
}

interface ChoiceProps<T extends string> {
  readonly legend: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string; readonly lang?: string }[];
  readonly onChange: (value: T) => void;
}

/** One of a few, all of them seen. */
function Choice<T extends string>({ legend, value, options, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className="segments">
      <legend className="segments__legend">{legend}</legend>
      <div className="segments__options">
        {options.map((option) => (
          <label key={option.value} className="segments__option" lang={option.lang}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
