// Progress of a benchmark run: the current part, its number, and the time left.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { BenchProgress } from '../../../bench/result.ts'
import { formatCount, formatSeconds } from '../../shared/format.ts'
import { CACHE_NAMES } from '../state/run-settings.ts'
import { type RunClock, secondsLeft } from '../state/time-left.ts'

const TICK_MS = 500

export function RunProgress({ progress, clock }: { progress: BenchProgress | undefined; clock: RunClock }) {
  const now = useSignal(clock.begun)
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = performance.now()
    }, TICK_MS)
    return () => clearInterval(timer)
  }, [])
  const { done, total } = progress ?? { done: 0, total: 0 }
  const left = progress ? formatSeconds(secondsLeft(progress, clock, now.value)) : ''
  return (
    <div class="running">
      <p role="status">{progress ? phaseText(progress) : 'Preparing'}…</p>
      <progress aria-label="Benchmark" value={done} max={total || 1} />
      <p class="figures">
        {total > 0 && `${done} of ${total} parts · `}
        {formatSeconds(Math.max(0, (now.value - clock.begun) / 1000))}
        {left && left !== '0.0 s' && ` · about ${left} left`}
      </p>
    </div>
  )
}

function phaseText({ phase, cache, context }: BenchProgress): string {
  const name = cache ? CACHE_NAMES[cache] : ''
  const at = context ? ` at ${formatCount(context)} tokens` : ''
  const texts: Readonly<Record<BenchProgress['phase'], string>> = {
    copy: 'Measuring the copy speed of this device',
    check: `${name}: same output?`,
    fill: `${name}: filling the cache${at}`,
    prefill: `${name}: timing prefill${at}`,
    decode: `${name}: timing decode${at}`,
    done: 'Done',
  }
  return texts[phase]
}
