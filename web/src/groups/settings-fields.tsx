import { useText } from '../i18n/index.ts';
import { Choice } from './choice.tsx';
import type { GroupInfo } from './permissions.ts';

export type JoinPolicy = GroupInfo['join'];
export type HistoryPolicy = GroupInfo['history'];

const joins = ['invite', 'approve', 'open'] as const satisfies readonly JoinPolicy[];
const histories = ['joined', 'all'] as const satisfies readonly HistoryPolicy[];

export function JoinField({
  value,
  onChange,
}: {
  readonly value: JoinPolicy;
  readonly onChange: (value: JoinPolicy) => void;
}) {
  const { join } = useText().people.groups;
  const options = joins.map((one) => ({ value: one, label: join[one], hint: join[`${one}Hint`] }));
  return <Choice label={join.title} options={options} value={value} onChange={onChange} />;
}

export function HistoryField({
  value,
  onChange,
}: {
  readonly value: HistoryPolicy;
  readonly onChange: (value: HistoryPolicy) => void;
}) {
  const { history } = useText().people.groups;
  const options = histories.map((one) => ({ value: one, label: history[one], hint: history[`${one}Hint`] }));
  return <Choice label={history.title} options={options} value={value} onChange={onChange} />;
}
