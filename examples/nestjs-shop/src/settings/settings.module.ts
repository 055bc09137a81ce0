import { Module } from '@nestjs/common';
import { readSettings, Settings } from './settings';

/** Provides {@link Settings}, read once from the environment. */
@Module({
  providers: [{ provide: Settings, useFactory: () => readSettings(process.env) }],
  exports: [Settings],
})
export class SettingsModule {}
