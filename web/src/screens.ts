export { DevicesScreen } from './devices/devices-screen.tsx';
export { GroupDetails } from './groups/group-details.tsx';
export { InviteScreen } from './groups/invite-screen.tsx';
export { NewGroupDialog } from './groups/new-group.tsx';
export { PeopleScreen } from './people/people-screen.tsx';
export { PersonDetails, PersonScreen } from './people/person-details.tsx';
