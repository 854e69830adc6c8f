// Public surface of `hadal/openai`: a `fetch` that answers OpenAI's HTTP requests with models in this page.
export {
  type OpenAIEndpoint,
  type OpenAIEndpointOptions,
  openAIEndpoint,
  type ServedModels,
} from './endpoint.ts'
