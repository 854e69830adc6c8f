// English texts of models outside their dialog.
const dialog = {
  title: 'Models',
  close: 'Close',
  tabs: 'Where models come from',
  catalogue: 'Models to try',
  stored: 'On this device',
  other: 'Open another model',
  otherTab: 'Other source',
  button: 'Model: ',
  none: 'Models',
}

const downloads = {
  title: 'Downloads',
  checking: 'Checking…',
  waiting: 'Waiting for the download before it',
  paused: 'Paused',
  ready: (name: string) => `${name} is ready.`,
  failed: (name: string) => `The download of ${name} stopped.`,
  downloading: (name: string) => `Downloading ${name}`,
  progress: (name: string) => `Download of ${name}`,
  percent: (percent: number) => `${percent} %`,
  pause: 'Pause',
  pauseNamed: (name: string) => `Pause ${name}`,
  resume: 'Continue',
  resumeNamed: (name: string) => `Continue ${name}`,
  cancel: 'Cancel',
  cancelAsk: (bytes: string) => `Discard ${bytes}?`,
  cancelHint: 'Press again to discard what has arrived.',
  switchNow: 'Switch now',
  switchNamed: (name: string) => `Switch now to ${name}`,
  later: 'Later',
  laterNamed: (name: string) => `Later: ${name}`,
  switchWhenReady: 'Switch when ready',
  more: (count: number) => `${count} more`,
}

const load = {
  looking: 'Looking for your GPU',
  loading: 'Loading the model',
  cancel: 'Cancel',
  of: (bytes: string, total: string) => `${bytes} of ${total}`,
  rate: (bytes: string) => `${bytes}/s`,
  left: (time: string) => `${time} left`,
  checking: (done: number, all: number) => `Checking kernels on your GPU, ${done} of ${all}`,
  phases: {
    list: () => 'Reading the weight list',
    tokenizer: () => 'Reading the tokenizer',
    wait: () => 'Waiting for another tab that is saving this model',
    download: (file: string) => `Downloading ${file || 'weights'}`,
    verify: (file: string) => `Verifying ${file || 'weights'}`,
    convert: (file: string) => `Quantizing ${file || 'weights'}`,
    upload: (file: string) => `Loading ${file || 'weights'}`,
    keep: (file: string) => `Saving ${file || 'weights'} in this browser`,
    compile: () => 'Compiling shaders for your GPU',
    ready: () => 'Ready',
  },
}

const failure = {
  gpuLost: 'The GPU was lost',
  cancelled: 'Loading was cancelled',
  failed: 'The model could not be loaded',
  again: 'Try again',
  continue: 'Continue',
  smaller: 'Use smaller settings',
  freeSpace: 'Free space…',
  another: 'Choose another model',
  token: 'Enter an access token…',
  bundled: 'Open Lanternfish',
  choose: 'Choose a model…',
}

const recovery = {
  gpu: 'The browser lost the GPU.',
  worker: 'The worker that runs the model ended.',
  again: 'The model is being loaded again.',
  loading: 'Loading the model again',
  waiting: 'waiting for the GPU',
  often: 'The GPU was lost twice within a minute: its memory may be too small for these settings.',
  context: (tokens: string) => `Context of ${tokens} tokens`,
  fp8: 'KV cache in FP8',
  q4: 'Weights in 4 bits',
  another: 'Smaller model…',
  keep: 'Keep as it is',
}

const report = {
  copy: 'Copy report',
  copied: 'Copied',
  failed: 'Could not copy',
  hint: 'Device, model, versions and latest errors; no conversations.',
}

export const models = { dialog, downloads, load, failure, recovery, report }
