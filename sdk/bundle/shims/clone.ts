const clone = <T>(value: T): T => structuredClone(value);

export { clone as 'module.exports' };
