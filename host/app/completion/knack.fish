# fish completion for knack, written by `knack completion fish`.
# To use it: knack completion fish > ~/.config/fish/completions/knack.fish; or, for all who log in,
# put it into /usr/share/fish/vendor_completions.d/knack.fish (the package does).

@TABLES@

# What a value of these kinds can be: FILE|ID, or words such as valid|test.
function __knack_values --argument-names takes current
    for kind in (string split '|' -- $takes)
        switch $kind
            case FILE
                __fish_complete_path $current
            case RECIPE
                __fish_complete_path $current | string match --regex '.*(?:/|\.json)(?:\t.*)?$'
            case FOLDER RUN
                __fish_complete_directories $current
            case ID SET CODE
                set --local typed (commandline --tokenize --current-process --cut-at-cursor)
                $typed[1] candidates $kind $typed[2..] 2>/dev/null
            case '*'
                string match --regex '^[a-z0-9].*' -- $kind
        end
    end
end

function __knack_candidates
    set --local path ''
    set --local takes ''
    set --local position 1
    set --local typed (commandline --tokenize --current-process --cut-at-cursor)
    set --local current (commandline --current-token --cut-at-cursor)
    for word in $typed[2..]
        if test -n "$takes"
            set takes ''
        else if string match --quiet -- '-*=*' $word
            continue
        else if string match --quiet -- '-*' $word
            set takes (__knack_takes "$path" $word)
        else if __knack_commands "$path" | string match --quiet --regex -- "^"(string escape --style=regex -- $word)"\t"
            set path (string trim -- "$path $word")
        else
            set position (math $position + 1)
        end
    end
    if test -n "$takes"
        __knack_values $takes $current
    else if string match --quiet -- '--*=*' $current
        set --local option (string split --max 1 -- '=' $current)
        __knack_values "$(__knack_takes "$path" $option[1])" $option[2] | string replace --regex -- '^' "$option[1]="
    else if string match --quiet -- '-*' $current
        __knack_options "$path"
    else
        __knack_commands "$path"
        __knack_values "$(__knack_takes "$path" $position)" $current
    end
end

complete --command knack --no-files --arguments '(__knack_candidates)'
