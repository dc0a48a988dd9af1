/** Takes note of a fault in the setting at this path. */
export type ReportFault = (path: string, message: string) => void;
