/** One timeout on a wheel. Made once per owner and scheduled again and again: scheduling allocates nothing. */
export class WheelTimer {
  readonly onExpire: () => void
  /** The slot this timer stands in; undefined while it is not scheduled. The wheel's own. */
  slot: Set<WheelTimer> | undefined = undefined
  /** The tick at which it expires. The wheel's own. */
  deadlineTick = 0

  constructor(onExpire: () => void) {
    this.onExpire = onExpire
  }
}

const SLOTS = 256

/**
 * Thousands of coarse timeouts on one interval. A timer expires no earlier than asked for, and at most two ticks later.
 * The interval runs only while something is scheduled, and never keeps the process alive.
 */
export class TimerWheel {
  readonly tickMs: number
  /** Ticks since the wheel was made: a clock that costs a field access, for "last active" marks. */
  tick = 0
  private readonly slots: Set<WheelTimer>[] = []
  private scheduled = 0
  private interval: NodeJS.Timeout | undefined = undefined
  private startMs = performance.now()

  constructor(tickMs = 100) {
    this.tickMs = tickMs
    for (let i = 0; i < SLOTS; i++) this.slots.push(new Set())
  }

  /** How many timers are waiting. */
  get size(): number {
    return this.scheduled
  }

  /** (Re)schedules `timer` to expire in `delayMs` from now. */
  schedule(timer: WheelTimer, delayMs: number): void {
    this.cancel(timer)
    if (this.interval === undefined) this.start()
    timer.deadlineTick = this.tick + Math.ceil(delayMs / this.tickMs) + 1
    timer.slot = this.slots[timer.deadlineTick % SLOTS]
    timer.slot?.add(timer)
    this.scheduled++
  }

  /** A timer that is not scheduled may be cancelled too. */
  cancel(timer: WheelTimer): void {
    if (timer.slot === undefined) return
    timer.slot.delete(timer)
    timer.slot = undefined
    this.scheduled--
  }

  /** Drops every timer without expiring it. */
  close(): void {
    for (const slot of this.slots) {
      for (const timer of slot) timer.slot = undefined
      slot.clear()
    }
    this.scheduled = 0
    this.stop()
  }

  private start(): void {
    this.startMs = performance.now() - this.tick * this.tickMs
    this.interval = setInterval(() => this.advance(), this.tickMs)
    this.interval.unref()
  }

  private stop(): void {
    clearInterval(this.interval)
    this.interval = undefined
  }

  /** Catches up with the clock: a busy process may have missed ticks. */
  private advance(): void {
    const due = Math.floor((performance.now() - this.startMs) / this.tickMs)
    // After a suspend, one turn visits every slot; more turns would find nothing new.
    if (due - this.tick > SLOTS) this.tick = due - SLOTS
    while (this.tick < due) {
      this.tick++
      this.expireSlot(this.slots[this.tick % SLOTS] as Set<WheelTimer>)
    }
    if (this.scheduled === 0) this.stop()
  }

  private expireSlot(slot: Set<WheelTimer>): void {
    for (const timer of slot) {
      if (timer.deadlineTick > this.tick) continue
      this.cancel(timer)
      timer.onExpire()
    }
  }
}
