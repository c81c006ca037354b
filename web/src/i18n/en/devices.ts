/** Where the user is signed in. */
export const devices = {
  title: 'Devices',
  list: 'Your devices',
  intro: 'Where you are signed in. Sign out what you do not know, and change your password.',
  current: 'This device',
  online: 'Online now',
  lastSeen: (when: string) => `Last seen ${when}`,
  signOut: 'Sign out',
  signOutSubmit: 'Sign out device',
  signOutName: (name: string) => `Sign out ${name}`,
  signOutTitle: (name: string) => `Sign out “${name}”?`,
  signOutText: 'It is disconnected at once, and signs in with the password if it wants to come back.',
  signedOut: (name: string) => `“${name}” is signed out`,
  others: 'Sign out everywhere else',
  othersTitle: 'Sign out everywhere else?',
  othersText: (count: number) =>
    count === 1
      ? 'One other device is disconnected at once.'
      : `${count} other devices are disconnected at once.`,
  othersDone: 'All other devices are signed out',
  onlyThis: 'You are signed in on this device alone.',
  platforms: { web: 'Browser', desktop: 'Computer', mobile: 'Phone', iot: 'Device', bot: 'Bot' },
  unknown: 'Unnamed device',
  newDevice: (name: string) => `New sign-in on ${name}`,
};
