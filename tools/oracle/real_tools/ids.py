"""The prompt that every folder is judged on: ids spread over the vocabulary, the same for each tool."""


def prompt_ids(config, count=40):
    vocabulary = config["vocab_size"]
    return [3 + (7 * i * i + 31 * i + 11) % (vocabulary - 3) for i in range(count)]
