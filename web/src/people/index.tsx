import { later } from '../later.tsx';

/** Friends, requests for friendship, blocked users; and a search for anybody. */
export const PeopleScreen = later(({ PeopleScreen }) => PeopleScreen);

/** Who somebody is, and what one can do about them: a panel beside the conversation. */
export const PersonDetails = later(({ PersonDetails }) => PersonDetails);

/** The same as a screen of its own. */
export const PersonScreen = later(({ PersonScreen }) => PersonScreen);
