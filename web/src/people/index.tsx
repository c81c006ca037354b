export { PeopleScreen } from './people-screen.tsx';
export { PersonDetails, PersonScreen } from './person-details.tsx';
