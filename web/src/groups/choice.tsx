import { useId } from 'react';
import './choice.css';

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** One of a few, all of them in sight. */
export function Choice<Value extends string>({
  label,
  options,
  value,
  onChange,
}: {
  readonly label: string;
  readonly options: readonly Option<Value>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}) {
  const name = useId();
  return (
    <fieldset className="options">
      <legend className="options__legend">{label}</legend>
      {options.map((option) => {
        const hintId = `${name}-${option.value}`;
        return (
          <label key={option.value} className="options__option">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              aria-label={option.label}
              aria-describedby={option.hint === undefined ? undefined : hintId}
              onChange={() => onChange(option.value)}
            />
            <span>
              <span className="options__label">{option.label}</span>
              {option.hint !== undefined && (
                <span id={hintId} className="options__hint">
                  {option.hint}
                </span>
              )}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
