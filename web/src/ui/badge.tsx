import { classes } from './classes.ts';
import './badge.css';

/** A number in a pill; nothing for none. `label` says it to screen readers. */
export function Badge({
  count,
  quiet = false,
  label,
}: {
  readonly count: number;
  readonly quiet?: boolean;
  readonly label?: string;
}) {
  if (count <= 0) return null;
  return (
    <span className={classes('badge', quiet && 'badge--quiet')}>
      <span aria-hidden={label !== undefined}>{count > 99 ? '99+' : count}</span>
      {label !== undefined && <span className="unseen">{label}</span>}
    </span>
  );
}
