/** Friends, requests to become friends, and blocks. */
export type DirectoryFriends = object;
