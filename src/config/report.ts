/** Takes note of a fault in the setting at this path. */
export type Report = (path: string, message: string) => void;
