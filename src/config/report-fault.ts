/** Records a fault in the setting at this path. Builders go on after it, to find more faults. */
export type ReportFault = (path: string, message: string) => void;
