import type { Command } from 'commander';
import { registerDoctorConfig } from './doctor-config.ts';
import { registerDoctorProbe } from './doctor-probe.ts';

/** `postern doctor …`. */
export function registerDoctorCommands(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('find out why WebSocket handshakes fail, with or without Postern');
  registerDoctorProbe(doctor);
  registerDoctorConfig(doctor);
}
