import type { Texts } from '../en/index.ts';

export const devices: Texts['people']['devices'] = {
  title: '设备',
  list: '你的设备',
  intro: '你已登录的设备。请退出不认识的设备，并修改密码。',
  current: '本设备',
  online: '当前在线',
  lastSeen: (when) => `上次在线：${when}`,
  signOut: '退出登录',
  signOutSubmit: '退出该设备',
  signOutName: (name) => `退出 ${name} 的登录`,
  signOutTitle: (name) => `退出“${name}”的登录？`,
  signOutText: '该设备会立即断开，再次使用需要输入密码。',
  signedOut: (name) => `“${name}”已退出登录`,
  others: '退出其他所有设备',
  othersTitle: '退出其他所有设备？',
  othersText: (count) => `其他 ${count} 台设备会立即断开。`,
  othersDone: '其他设备均已退出登录',
  onlyThis: '你只在这台设备上登录。',
  platforms: { web: '浏览器', desktop: '电脑', mobile: '手机', iot: '设备', bot: '机器人' },
  unknown: '未命名设备',
  newDevice: (name) => `${name} 上有新的登录`,
};
