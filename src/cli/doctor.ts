import type { Command } from 'commander';
import { registerDoctorConfig } from './doctor-config.ts';

/** `postern doctor …`. */
export function registerDoctorCommands(program: Command): void {
  const doctor = program.command('doctor').description('find out what is wrong with a setup');
  registerDoctorConfig(doctor);
}
