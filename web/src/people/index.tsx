import type { PeopleTab } from '../route.ts';

/** Friends, requests for friendship, blocked users. */
export function PeopleScreen({ tab }: { readonly tab?: PeopleTab | undefined }) {
  return <main>{tab}</main>;
}

/** Who somebody is, and what one can do about them: a panel beside the conversation. */
export function PersonDetails({ uid, onClose }: { readonly uid: string; readonly onClose: () => void }) {
  return (
    <button type="button" onClick={onClose}>
      {uid}
    </button>
  );
}

/** The same as a screen of its own. */
export function PersonScreen({ uid }: { readonly uid: string }) {
  return <main>{uid}</main>;
}
