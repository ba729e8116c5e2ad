import { useConsole } from '../state/console.ts'
import type { Settings } from './settings.ts'

/** What a field needs to show and change one setting. */
export function useSetting<Name extends keyof Settings>(name: Name) {
  const { playground } = useConsole()
  return {
    value: playground.settings.value[name],
    onChange: (value: Settings[Name]) => playground.change({ [name]: value }),
    fault: playground.fault.value?.fields[name],
  }
}
