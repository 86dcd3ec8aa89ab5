"""Settings: read once, unknown keys refused, unsafe defaults stopped, and handed on to child processes whole."""

import pytest

from app.settings.environment import child_environment
from app.settings.reading import SettingsError, load_settings
from app.settings.schema import variables


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_arguments_go_before_environment_before_file(tmp_path, monkeypatch):
    (tmp_path / "fathom.toml").write_text(
        'port = 1\nui_port = 2\nhost = "localhost"\n[worker]\nlease_s = 99\n'
    )
    monkeypatch.setenv("FATHOM_PORT", "3")
    monkeypatch.setenv("FATHOM_UI_PORT", "4")
    settings = load_settings(port=5)
    assert (settings.port, settings.ui_port, settings.host, settings.worker.lease_s) == (
        5,
        4,
        "localhost",
        99,
    )


def test_unknown_keys_are_errors_wherever_they_stand(tmp_path, monkeypatch):
    with pytest.raises(SettingsError, match="hosst"):
        load_settings(hosst="x")
    (tmp_path / "fathom.toml").write_text("[worker]\nlease = 3\n")
    with pytest.raises(SettingsError, match=r"worker\.lease"):
        load_settings()
    (tmp_path / "fathom.toml").unlink()
    monkeypatch.setenv("FATHOM_WORKER__LEASE", "3")
    with pytest.raises(SettingsError, match="FATHOM_WORKER__LEASE"):
        load_settings()


def test_the_address_that_is_listened_on_is_a_name_unless_it_stands_for_all():
    for host, names in {"192.168.1.7": ("a", "192.168.1.7"), "0.0.0.0": ("a",), "::": ("a",)}.items():
        assert load_settings(host=host, allow_remote=True, allowed_hosts=("a",)).served_hosts == names


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org"])
def test_listening_to_others_needs_consent(host):
    with pytest.raises(SettingsError, match="allow_remote"):
        load_settings(host=host)
    assert load_settings(host=host, allow_remote=True).host == host


def test_a_heartbeat_must_fit_into_the_lease():
    with pytest.raises(SettingsError, match="heartbeat_s"):
        load_settings(worker={"lease_s": 4, "heartbeat_s": 3})


def test_children_see_the_same_settings(tmp_path, monkeypatch):
    parent = load_settings(home=tmp_path, port=7, worker={"lease_s": 61}, allowed_hosts=("a", "b"))
    for name, value in child_environment(parent).items():
        monkeypatch.setenv(name, value)
    child = load_settings()
    assert child.model_dump(exclude={"database_url"}) == parent.model_dump(exclude={"database_url"})
    assert child.url == parent.url


SERVER = {"base_url": "http://127.0.0.1:11434/v1", "model": "small"}


def test_children_get_the_secrets_themselves(tmp_path, monkeypatch):
    parent = load_settings(home=tmp_path, generator="openai", openai={**SERVER, "api_key": " sk-1 "})
    for name, value in child_environment(parent).items():
        monkeypatch.setenv(name, value)
    assert load_settings().openai == parent.openai
    assert load_settings().openai.api_key.get_secret_value() == "sk-1"


def test_a_model_server_needs_an_address_and_a_model():
    for named in ({}, {"model": "small"}, {"base_url": SERVER["base_url"]}):
        with pytest.raises(SettingsError, match="FATHOM_OPENAI__MODEL"):
            load_settings(generator="openai", openai=named)
    assert load_settings(generator="openai", openai=SERVER).openai.model == "small"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"base_url": "ftp://127.0.0.1"}, "base_url"),
        ({"base_url": "http://me:secret@127.0.0.1/v1"}, "api_key"),
        ({"base_url": "https://127.0.0.1/v1?key=secret"}, "api_key"),
        ({"api_key": "secret\nHost: x"}, "ASCII"),
        ({"api_key": "sécret"}, "ASCII"),
        ({"timeout_s": 0}, "timeout_s"),
    ],
)
def test_a_model_server_that_can_not_be_asked_is_refused(named, said):
    with pytest.raises(SettingsError, match=said) as error:
        load_settings(openai=named)
    assert "secret" not in str(error.value)


def test_a_checkpoint_needs_a_folder_that_holds_one(tmp_path):
    with pytest.raises(SettingsError, match=r"FATHOM_DEEPSEEK__FOLDER.*names none"):
        load_settings(generator="deepseek")
    with pytest.raises(SettingsError, match=r"holds no config\.json"):
        load_settings(generator="deepseek", deepseek={"folder": tmp_path / "away"})
    (tmp_path / "config.json").write_text("{}")
    settings = load_settings(generator="deepseek", deepseek={"folder": tmp_path})
    assert (settings.deepseek.folder, settings.max_new_tokens) == (tmp_path, 1024)


def test_the_longest_answer_depends_on_who_writes_it():
    assert load_settings().max_new_tokens == 128
    assert load_settings(generator="openai", openai=SERVER).max_new_tokens == 1024
    assert load_settings(answers={"max_new_tokens": 9}).max_new_tokens == 9


def test_how_much_is_read_depends_on_who_reads_it():
    assert load_settings().context_tokens == 640
    assert load_settings(generator="openai", openai=SERVER).context_tokens == 2048
    assert load_settings(retrieval={"context_tokens": 900}).context_tokens == 900


def test_secrets_are_masked_when_printed():
    settings = load_settings(database_url="postgresql+psycopg://user:hidden-word@localhost/fathom")
    assert "hidden-word" not in repr(settings)
    assert "hidden-word" not in settings.model_dump_json()
    settings = load_settings(openai={"api_key": "hidden-word"})
    assert "hidden-word" not in repr(settings)
    assert "hidden-word" not in settings.model_dump_json()


def test_each_setting_is_described():
    from app.settings.schema import Settings

    for _, path in variables():
        fields = Settings.model_fields
        for key in path[:-1]:
            fields = fields[key].annotation.model_fields
        leaf = fields[path[-1]]
        assert leaf.description or hasattr(leaf.annotation, "model_fields"), path


@pytest.mark.parametrize(
    ("name", "meant"), [("FATHOM_PROT", "FATHOM_PORT"), ("fathom_worker__leases", "FATHOM_WORKER__LEASE_S")]
)
def test_the_setting_that_was_meant_is_named(monkeypatch, name, meant):
    monkeypatch.setenv(name, "3")
    with pytest.raises(SettingsError, match=f"did you mean {meant}"):
        load_settings()


def test_the_key_that_was_meant_in_the_file_is_named(tmp_path):
    (tmp_path / "fathom.toml").write_text("[worker]\nlease = 3\n")
    with pytest.raises(
        SettingsError, match=r"unknown setting worker\.lease: did you mean FATHOM_WORKER__LEASE_S"
    ):
        load_settings()


@pytest.mark.parametrize("content", [b"port = = 1", b"\xff", b"[retrieval\nk = 3", b"port = 1\nport = 2"])
def test_a_file_that_can_not_be_read_is_told_by_its_name(tmp_path, monkeypatch, content):
    (tmp_path / "fathom.toml").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"fathom\.toml can't be read"):
        load_settings()
